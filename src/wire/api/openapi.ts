/** The OpenAPI document, derived from the routes: it can neither lag behind nor run ahead. */
import { z } from 'zod';
import { problem } from './problem.ts';
import type { Route } from './route.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

export interface OpenApi {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: JsonSchema;
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly object[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, object>>;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly 'x-scope': string;
}

const FORM = 'application/x-www-form-urlencoded';

/** @param version of this Holdfast */
export function openApiOf(routes: readonly Route[], version: string): OpenApi {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    const path = openPath(route.path);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Holdfast',
      version,
      description: 'What a Holdfast server knows of its hosts, and what may be asked of them.',
    },
    paths,
    components: {
      schemas: { Problem: schemaOf(problem) },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: '__Host-holdfast' },
      },
    },
  };
}

/** `/v1/hosts/:host` as `/v1/hosts/{host}`. */
function openPath(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}');
}

function operationOf(route: Route): Operation {
  const { id, summary, asker, params, query, body, mediaType = 'application/json' } = route;
  const content = {
    [mediaType.split(';')[0] ?? mediaType]: {
      schema: schemaOf(route.answer),
      example: route.example,
    },
  };
  const refused = { $ref: '#/components/schemas/Problem' };
  const isOpen = asker === 'anyone';
  return {
    operationId: id,
    summary,
    parameters: [...parametersOf('path', params), ...parametersOf('query', query)],
    ...(hasKeys(body)
      ? {
          requestBody: {
            required: true,
            content: { [route.takesForm ? FORM : 'application/json']: { schema: bodyOf(body) } },
          },
        }
      : {}),
    responses: {
      '200': { description: 'Done.', content },
      default: {
        description: 'Refused, and why.',
        content: { 'application/json': { schema: refused } },
      },
    },
    security: isOpen ? [] : [{ token: [] }, { session: [] }],
    'x-scope': asker,
  };
}

function parametersOf(place: 'path' | 'query', schema: z.ZodType): readonly object[] {
  const { properties = {}, required = [] } = schemaOf(schema) as {
    readonly properties?: Readonly<Record<string, object>>;
    readonly required?: readonly string[];
  };
  const isNeeded = (name: string): boolean =>
    place === 'path' || (required.includes(name) && !('default' in (properties[name] ?? {})));
  return Object.entries(properties).map(([name, each]) => ({
    ...{ name, in: place, required: isNeeded(name), schema: each },
  }));
}

export function hasKeys(schema: z.ZodType): boolean {
  const { properties = {} } = schemaOf(schema) as { readonly properties?: object };
  return Object.keys(properties).length > 0;
}

/** As it is once it was read: what is given as text in a query is a number here. */
function schemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'output' });
  return rest;
}

/** As it is sent: what has a default may be left out. */
function bodyOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}
