// What time is it? A page at /, JSON at /time, /health for the load balancer.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import Mustache from 'mustache';

const page = readFileSync(new URL('./page.html', import.meta.url), 'utf8');
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Tokyo'];

function times(now = new Date()) {
  return zones.map((zone) => ({
    zone,
    time: new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeStyle: 'medium' }).format(now),
  }));
}

function answer(path) {
  switch (path) {
    case '/health':
      return [200, 'text/plain', 'ok\n'];
    case '/time':
      return [200, 'application/json', `${JSON.stringify({ host: hostname(), times: times() })}\n`];
    case '/':
      return [200, 'text/html', Mustache.render(page, { host: hostname(), times: times() })];
    default:
      return [404, 'text/plain', 'not found\n'];
  }
}

const server = createServer((request, response) => {
  const [status, type, body] = answer(new URL(request.url, 'http://localhost').pathname);
  response.writeHead(status, { 'Content-Type': `${type}; charset=utf-8`, 'Cache-Control': 'no-store' });
  response.end(request.method === 'HEAD' ? undefined : body);
});

// behind a load balancer that keeps connections for 60 s, the server must keep them longer
server.keepAliveTimeout = 65_000;
server.listen(process.env.PORT || 3000, () => console.log(`listening on ${server.address().port}`));
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
