/** A route of the API as data: what it takes, what it answers, and who may ask. */
import type { z } from 'zod';
import type { Scope } from '../../access/core/roles.ts';

/** `anyone`: no token is needed; what such a route tells is no secret. */
export type Asker = Scope | 'anyone';

export type Method = 'GET' | 'POST' | 'DELETE';

type Shape = z.ZodType;

export interface RouteOf<P extends Shape, Q extends Shape, B extends Shape, A extends Shape> {
  /** `operationId` of the OpenAPI document; handlers go by it. */
  readonly id: string;
  readonly method: Method;
  /** With `:name` for each key of `params`. */
  readonly path: string;
  /** One sentence. */
  readonly summary: string;
  readonly asker: Asker;
  readonly params: P;
  readonly query: Q;
  /** Of a request without a body: an empty object. */
  readonly body: B;
  readonly answer: A;
  readonly example: z.input<A>;
  /** Of an answer that is no JSON. */
  readonly mediaType?: string;
  /** Sent by a button of a page: its body is a form's, with the token of the session as `csrf`. */
  readonly takesForm?: true;
}

export type Route = RouteOf<Shape, Shape, Shape, Shape>;

export type ParamsOf<R extends Route> = z.output<R['params']>;
export type QueryOf<R extends Route> = z.output<R['query']>;
export type BodyOf<R extends Route> = z.output<R['body']>;
export type AnswerOf<R extends Route> = z.input<R['answer']>;

/** Keeps what each schema says, which a plain annotation would forget. */
export function route<P extends Shape, Q extends Shape, B extends Shape, A extends Shape>(
  of: RouteOf<P, Q, B, A>,
): RouteOf<P, Q, B, A> {
  return of;
}
