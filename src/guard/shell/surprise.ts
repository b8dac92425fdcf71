/** Something is not as the plan says: the plan is stale, and nothing more of it is done. */
export class Surprise extends Error {
  override readonly name = 'Surprise';
}
