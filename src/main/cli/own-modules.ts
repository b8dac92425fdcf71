/**
 * Finds and reads the modules of the shipped program by their names alone. Node asks of each what lies there,
 * whose package it is and of which kind: for the two hundred of a short command that took a third of its time.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const MODULE = /^\.{1,2}\/.*\.js$/;

/** @param root URL of `dist/`, with its slash: all that lies there are modules, and nothing else is touched */
export function loadOwnModules(root: string): void {
  registerHooks({
    resolve: (specifier, context, next) => {
      const url = ownModule(specifier, context.parentURL, root);
      if (url === undefined) return next(specifier, context);
      return { url, format: 'module', shortCircuit: true };
    },
    load: (url, context, next) => {
      if (context.format !== 'module' || !url.startsWith(root)) return next(url, context);
      const source = readFileSync(fileURLToPath(url), 'utf8');
      return { source, format: 'module', shortCircuit: true };
    },
  });
}

/** Undefined for what Node has to look for: packages, its own modules, what leads out of `root`. */
export function ownModule(
  specifier: string,
  parent: string | undefined,
  root: string,
): string | undefined {
  if (parent?.startsWith(root) !== true || !MODULE.test(specifier)) return undefined;
  const { href } = new URL(specifier, parent);
  return href.startsWith(root) ? href : undefined;
}
