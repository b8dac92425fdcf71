/** Compares without telling, by the time it takes, how much of it was right. */
export function sameText(given: string, right: string): boolean {
  let differs = given.length ^ right.length;
  for (let at = 0; at < right.length; at++) differs |= given.charCodeAt(at) ^ right.charCodeAt(at);
  return differs === 0;
}
