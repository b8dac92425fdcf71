// Goal: of the shipped program every module of its own is found by its name, and nothing else is: a package, a
// module of Node, what lies elsewhere. Method: the rule, and a program that is started with it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ownModule } from './own-modules.ts';

const ROOT = 'file:///usr/lib/hold%20fast/dist/';
const PARENT = `${ROOT}main/cli/main.js`;

test('what lies beside and below is found by its name', () => {
  assert.equal(ownModule('./program.js', PARENT, ROOT), `${ROOT}main/cli/program.js`);
  assert.equal(ownModule('../../base/fault.js', PARENT, ROOT), `${ROOT}base/fault.js`);
});

test('what Node has to look for is left to it', () => {
  for (const specifier of ['commander', 'node:fs', './data.json', '../../../package.js', '/a.js']) {
    assert.equal(ownModule(specifier, PARENT, ROOT), undefined, specifier);
  }
  const package_ = 'file:///usr/lib/hold%20fast/node_modules/koffi/index.js';
  assert.equal(ownModule('./src/a.js', package_, ROOT), undefined);
  assert.equal(ownModule('./a.js', undefined, ROOT), undefined);
});

test('a program whose path and text are not ASCII runs by it, and names what is not there', () => {
  const directory = mkdtempSync(join(tmpdir(), 'own modules ä'));
  try {
    const dist = join(directory, 'dist');
    mkdirSync(join(dist, 'b'), { recursive: true });
    writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
    writeFileSync(join(dist, 'b/c.js'), "export const said = 'größer';");
    const own = new URL('own-modules.ts', import.meta.url).href;
    const start = (text: string): ReturnType<typeof spawnSync> => {
      writeFileSync(join(dist, 'a.js'), text);
      const root = `${pathToFileURL(dist).href}/`;
      const main = `const { loadOwnModules } = await import(${JSON.stringify(own)});
        loadOwnModules(${JSON.stringify(root)}); await import(${JSON.stringify(`${root}a.js`)});`;
      const args = ['--input-type=module', '-e', main];
      return spawnSync(process.execPath, args, { encoding: 'utf8' });
    };
    const ran = start("import { said } from './b/c.js'; import 'node:os'; console.log(said);");
    assert.equal(ran.stdout, 'größer\n', String(ran.stderr));
    const lost = start("import './b/d.js';");
    assert.match(String(lost.stderr), /ENOENT.*d\.js/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
