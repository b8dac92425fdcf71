import { assert } from './assert.ts';
import type { Brand } from './brand.ts';

/** Milliseconds since 1970, by the wall clock. It may step; never subtract it for a duration. */
export type UnixMs = Brand<number, 'UnixMs'>;
/** Milliseconds by a clock that never steps. Only differences mean anything. */
export type MonotonicMs = Brand<number, 'MonotonicMs'>;
/** A span of time in milliseconds, never negative. */
export type DurationMs = Brand<number, 'DurationMs'>;

export function unixMs(value: number): UnixMs {
  assert(Number.isFinite(value), 'a time is a finite number');
  return value as UnixMs;
}

export function monotonicMs(value: number): MonotonicMs {
  assert(Number.isFinite(value), 'a time is a finite number');
  return value as MonotonicMs;
}

export function durationMs(value: number): DurationMs {
  assert(value >= 0, 'a duration is never negative');
  return value as DurationMs;
}

export const seconds = (count: number): DurationMs => durationMs(count * 1000);
export const minutes = (count: number): DurationMs => seconds(count * 60);
export const hours = (count: number): DurationMs => minutes(count * 60);
export const days = (count: number): DurationMs => hours(count * 24);

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;
