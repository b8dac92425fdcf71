/** Which way a figure may err. A bound is rounded away from comfort; anything else to the nearest. */
export type Rounding = 'down' | 'up' | 'nearest';

/** A count of things, exact: `18 034`. */
export function formatCount(count: number): string {
  const digits = String(Math.trunc(count));
  if (digits.length <= 3) return digits;
  return digits.replaceAll(/\B(?=(\d{3})+(?!\d))/g, ' ');
}

/** `1 file`, `18 034 files`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

/** At most three significant figures: `4 KiB`, `21.4 GiB`, `2.61 TiB`. */
export function formatBytes(bytes: number, rounding: Rounding = 'nearest'): string {
  const { value, unit } = scaled(bytes, rounding);
  return `${value} ${unit}`;
}

/** `21.4 of 41 GiB`: one unit, that of the whole. */
export function formatBytesOf(done: number, total: number): string {
  const { unit } = scaled(total, 'nearest');
  const size = 1024 ** UNITS.indexOf(unit);
  const value = figures(done / size, 'down');
  return `${value} of ${formatBytes(total)}`;
}

/** `96 MiB/s`. */
export function formatRate(bytesPerSecond: number, rounding: Rounding = 'nearest'): string {
  return `${formatBytes(bytesPerSecond, rounding)}/s`;
}

/** `52 %`. Not 100 before all is done, not 0 once something is. */
export function formatShare(part: number, whole: number): string {
  if (whole <= 0 || part >= whole) return '100 %';
  if (part <= 0) return '0 %';
  return `${Math.min(99, Math.max(1, Math.round((part / whole) * 100)))} %`;
}

function scaled(
  bytes: number,
  rounding: Rounding,
): { value: string; unit: (typeof UNITS)[number] } {
  let scale = 0;
  let value = bytes;
  while (value > 999 && scale < UNITS.length - 1) {
    value /= 1024;
    scale += 1;
  }
  return {
    value: scale === 0 ? String(Math.trunc(bytes)) : figures(value, rounding),
    unit: UNITS[scale] ?? 'B',
  };
}

/** Three significant figures below 100, whole numbers above, no trailing zeros. */
export function figures(value: number, rounding: Rounding): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  const factor = 10 ** digits;
  const rounded = roundBy(value * factor, rounding) / factor;
  return formatWhole(rounded.toFixed(digits));
}

function formatWhole(fixed: string): string {
  return fixed.includes('.') ? fixed.replace(/\.?0+$/, '') : formatCount(Number(fixed));
}

export function roundBy(value: number, rounding: Rounding): number {
  // A sum like 0.1 + 0.2 lies a hair above its figure; that hair must not round a bound up.
  const near = Math.round(value);
  if (Math.abs(value - near) < 1e-9 * Math.max(1, Math.abs(value))) return near;
  return rounding === 'down' ? Math.floor(value) : rounding === 'up' ? Math.ceil(value) : near;
}
