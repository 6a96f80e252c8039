/** What the hub says when it will not or cannot: an RFC 9457 problem document. */
export interface ProblemDocument {
  type: string
  title: string
  status: number
  code?: string
  detail?: string
  errors?: FieldProblem[]
  retry_after?: number
  [fact: string]: unknown
}

/** One invalid field; `path` uses dots (`phones.0.number`), `code` is what the words are looked up by, `args` what they speak of. */
export interface FieldProblem {
  path: string
  code: string
  detail: string
  args?: Record<string, string | number>
}

/** Thrown by every call that the hub refused; `status` 0 means that it could not be reached at all. */
export class ApiProblem extends Error {
  readonly status: number
  readonly code: string
  readonly fields: FieldProblem[]
  readonly document: ProblemDocument
  /** Seconds to wait before trying again, where the hub said so. */
  readonly retryAfter: number | null

  constructor(document: ProblemDocument, retryAfter: number | null = null) {
    super(document.detail ?? document.title)
    this.name = 'ApiProblem'
    this.document = document
    this.status = document.status
    this.code = document.code ?? document.type.split(':').at(-1) ?? 'unknown'
    this.fields = document.errors ?? []
    this.retryAfter = retryAfter ?? document.retry_after ?? null
  }
}

/** The problem that stands for "no answer". */
export function unreachable(cause: unknown): ApiProblem {
  const detail = cause instanceof Error ? cause.message : String(cause)
  return new ApiProblem({ type: 'urn:mainstem:problem:unreachable', title: 'The hub does not answer', status: 0, detail })
}

/** Reads a refused response, whatever its body is (a proxy in between may answer with HTML). */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const wait = Number(response.headers.get('Retry-After'))
  const retryAfter = Number.isFinite(wait) && wait > 0 ? wait : null
  const body: unknown = await response.json().catch(() => null)
  if (isProblem(body)) return new ApiProblem({ ...body, status: response.status }, retryAfter)
  const title = response.statusText || `HTTP ${response.status}`
  return new ApiProblem({ type: 'about:blank', title, status: response.status, code: 'unknown' }, retryAfter)
}

export function isProblem(body: unknown): body is ProblemDocument {
  return typeof body === 'object' && body !== null && 'title' in body && 'type' in body
}
