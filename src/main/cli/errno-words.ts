/** What the system's error names mean to people; the name stays, for those who search for it. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not read it',
  EPERM: 'this user may not do that',
  EIO: 'the medium failed',
  ENOENT: 'it was gone',
  ENOTDIR: 'it was no directory any more',
  ELOOP: 'it became a link',
  ESTALE: 'the server forgot it',
  ETIMEDOUT: 'it did not answer',
  ENOTCONN: 'what it is mounted from is gone',
  ENOSYS: 'this system cannot do that',
  EOPNOTSUPP: 'this file system cannot keep it',
  ENOTSUP: 'this file system cannot keep it',
  ENOSPC: 'nothing is free there',
  EROFS: 'it is mounted read-only',
};

export function errnoWords(why: string): string {
  const words = WORDS[why];
  return words === undefined ? why : `${words} (${why})`;
}
