/** The part of holdfast.yaml that `holdfast server peer` goes by: which server it watches. */
import { z } from 'zod';

export const peerSchema = z.strictObject({
  /** `https://HOST:PORT#PIN`, as an enrolment line begins. */
  watches: z
    .string()
    .regex(
      /^https:\/\/(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?\/?#[A-Za-z0-9_-]{43}$/,
    ),
  /** Pinged each time that the server was seen: of the agent on this machine, as a rule. */
  says: z
    .string()
    .regex(/^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/i)
    .refine(
      (given) => URL.canParse(given),
      'an address as http://127.0.0.1:8127/ping/holdfast-server',
    )
    .optional(),
});

export type PeerConfig = z.infer<typeof peerSchema>;
export const PEER_KEYS = Object.keys(peerSchema.shape);
