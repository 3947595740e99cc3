import createClient from "openapi-fetch";

/** A refusal by the server: `code` is stable and translated on screen, `message` is its sentence. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: Record<string, string[]> = {},
  ) {
    super(message);
    this.name = "ApiError";
  }
}

/** No answer came: cable, server or proxy. Worth trying again, unlike an ApiError. */
export class NetworkError extends Error {
  constructor(cause: unknown) {
    super("The server could not be reached.", { cause });
    this.name = "NetworkError";
  }
}

export interface CallOptions {
  path?: Record<string, string>;
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  signal?: AbortSignal;
  /** How the answer is read; JSON where nothing is said. */
  parseAs?: "json" | "text";
  /** Of a body that is sent as it is, such as a file. */
  contentType?: string;
}

type Method = "get" | "post" | "put" | "patch" | "delete";

// biome-ignore lint/suspicious/noExplicitAny: the paths are checked by the callers' path types.
const http = createClient<any>({
  baseUrl: location.origin,
  credentials: "same-origin",
  fetch: (request: Request) => fetch(request),
});

http.use({
  onRequest({ request }) {
    if (request.method !== "GET") request.headers.set("X-CSRFToken", csrfToken());
    return request;
  },
});

export function csrfToken(): string {
  return /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
}

function toApiError(status: number, body: unknown): ApiError {
  if (typeof body === "object" && body !== null) {
    const { code, message, fields } = body as Partial<ApiError>;
    if (typeof code === "string") return new ApiError(status, code, message ?? code, fields ?? {});
  }
  return new ApiError(status, status >= 500 ? "server_error" : "error", `HTTP ${status}`);
}

export async function call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
  const { path: pathParameters, query, body, signal, parseAs, contentType } = options;
  let outcome: { data?: unknown; error?: unknown; response: Response };
  try {
    // biome-ignore lint/suspicious/noExplicitAny: see the client above.
    outcome = await (http.request as any)(method, path, {
      params: { path: pathParameters, query },
      body,
      signal,
      parseAs,
      ...(contentType && {
        headers: { "Content-Type": contentType },
        bodySerializer: (raw: unknown) => raw,
      }),
    });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new NetworkError(cause);
  }
  if (!outcome.response.ok) throw toApiError(outcome.response.status, outcome.error);
  return outcome.data as T;
}

export const get = <T>(path: string, options?: CallOptions) => call<T>("get", path, options);
export const post = <T>(path: string, options?: CallOptions) => call<T>("post", path, options);
export const put = <T>(path: string, options?: CallOptions) => call<T>("put", path, options);
export const patch = <T>(path: string, options?: CallOptions) => call<T>("patch", path, options);
export const del = <T>(path: string, options?: CallOptions) => call<T>("delete", path, options);
