/**
 * Turns the page into a stale one when its time is over, by the reader's clock. Its words are right
 * without it: they say as of when, and until when that holds.
 */
export const SCRIPT = `
const bar = document.querySelector('[data-until]');
const seen = Number(bar.dataset.seen), until = Number(bar.dataset.until);
const ago = (ms) => ms < 3.6e6 ? Math.floor(ms / 6e4) + ' min' : ms < 1.728e8 ? Math.floor(ms / 3.6e6) + ' h' : Math.floor(ms / 8.64e7) + ' d';
const tell = () => {
  const now = Date.now();
  if (now < seen) return;
  document.documentElement.classList.toggle('stale', now >= until);
  for (const at of bar.querySelectorAll('.age')) at.textContent = now - seen < 6e4 ? '' : ', ' + ago(now - seen) + ' ago';
};
tell();
setInterval(tell, 60000);
`;

/** Of the above, in the page's own policy: nothing else runs, whatever a host was named. */
export const SCRIPT_SHA256 = '+Y+o9N0jZ0FzML0YQYj1u8yFFCiJWAQ0nJiVSHr0LNA=';
