// Feeds folders to the peers: reads {"id", "folder"} lines, writes {"id", "specfy", "vercel", "linguist"} lines.
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const require = createRequire(join(process.cwd(), 'package.json'));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { analyser, FSProvider } = await load('@specfy/stack-analyser');
await load('@specfy/stack-analyser/dist/autoload.js');
const vercel = require('@vercel/fs-detectors');
const { frameworkList } = require('@vercel/frameworks');
const linguist = (await load('linguist-js')).default;

async function specfy(folder) {
  const whole = (await analyser({ provider: new FSProvider({ path: folder }) })).toJson();
  const languages = {};
  const techs = new Set();
  const visit = (node) => {
    for (const [name, count] of Object.entries(node.languages ?? {})) languages[name] = (languages[name] ?? 0) + count;
    for (const name of [node.tech, ...(node.techs ?? [])]) if (name) techs.add(name);
    for (const child of node.childs ?? []) visit(child);
  };
  visit(whole);
  return { languages, techs: [...techs] };
}

async function fsDetectors(folder) {
  const fs = new vercel.LocalFileSystemDetector(folder);
  const framework = await vercel.detectFrameworkRecord({ fs, frameworkList });
  const manager = await vercel.detectFramework({ fs, frameworkList: vercel.packageManagers });
  return { framework: framework && framework.slug, manager };
}

async function attempt(work) {
  try { return await work(); } catch (error) { return { error: String(error).slice(0, 200) }; }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, folder } = JSON.parse(line);
  const answer = {
    id,
    specfy: await attempt(() => specfy(folder)),
    vercel: await attempt(() => fsDetectors(folder)),
    linguist: await attempt(async () => (await linguist(folder, { categories: ['programming'], quick: false })).languages.results),
  };
  process.stdout.write(JSON.stringify(answer) + '\n');
}
