import { assert } from './assert.ts';

/** What JSON can say. A member that is undefined is absent. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/**
 * RFC 8785: keys sorted by UTF-16 code units, no white space, numbers and texts as ECMAScript
 * writes them. The same value is the same text wherever it is made.
 *
 * @param value without lone surrogates: these have no UTF-8
 */
export function canonicalJson(value: Json): string {
  if (typeof value === 'string') return textJson(value);
  if (typeof value === 'number') assert(Number.isFinite(value), 'JSON has finite numbers only');
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const keys = Object.keys(value).sort();
  const members = keys.flatMap((key) => {
    const member = value[key];
    return member === undefined ? [] : [`${textJson(key)}:${canonicalJson(member)}`];
  });
  return `{${members.join(',')}}`;
}

function textJson(text: string): string {
  assert(text.isWellFormed(), 'JSON has whole characters only');
  return JSON.stringify(text);
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}
