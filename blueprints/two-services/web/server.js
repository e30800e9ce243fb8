// The page; the browser asks /api/quote, which the load balancer hands to the other service.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const page = readFileSync(new URL('./page.html', import.meta.url));
const answers = new Map([
  ['/', ['text/html', page]],
  ['/health', ['text/plain', 'ok\n']],
]);

const server = createServer((request, response) => {
  const found = answers.get(new URL(request.url, 'http://localhost').pathname);
  const [type, body] = found ?? ['text/plain', 'not found\n'];
  response.writeHead(found ? 200 : 404, { 'Content-Type': `${type}; charset=utf-8` });
  response.end(request.method === 'HEAD' ? undefined : body);
});

server.keepAliveTimeout = 65_000;
server.listen(process.env.PORT || 3000, () => console.log(`listening on ${server.address().port}`));
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
