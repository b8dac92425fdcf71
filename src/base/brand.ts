declare const brand: unique symbol;

/** A value that only its parser, in the same file as the type, can make. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
