/** Names as restic and borg take them: what they would read a meaning into stands for itself. */

/** A pattern of restic that matches this path and nothing else. */
export function resticLiteral(path: string): string {
  return path.replaceAll(/[\\*?[\]]/g, String.raw`\$&`);
}

/** Of an archive: borg 1 puts a host name or a time where a word stands in braces. */
export function borgArchive(name: string): string {
  return name.replaceAll(/[{}]/g, '$&$&');
}

/**
 * Of restic: whether rclone gets its remote with options in it, `:webdav,bearer_token_command=...:` or
 * `name,ssh=...:`. Some of these are commands, and rclone runs them.
 */
export function hasOwnOptions(repository: string): boolean {
  return /^rclone:(?::|[^:/]*,)/i.test(repository);
}
