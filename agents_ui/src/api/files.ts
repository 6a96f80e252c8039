/** Files: sent to the hub with word of how far they are, and where they are got from. */
import { answerOf, headersOf } from '@/api/client'
import { unreachable } from '@/api/problem'
import type { FileRef } from '@/api/types'

export interface Sending {
  /** Is told which part of the file has left, 0 to 1. */
  progress?: (share: number) => void
  signal?: AbortSignal
}

const PATH = '/api/files'

export const fileAddress = (id: string) => `${PATH}/${id}`

/** The pictures that the hub recognised by their bytes and shows in place; everything else is handed out to be saved. */
const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])
export const isPicture = (type: string) => PICTURES.has(type)

/** @throws ApiProblem, or an AbortError where `signal` stopped it */
export async function uploadFile(file: File, sending: Sending = {}): Promise<FileRef> {
  return answerOf<FileRef>(await send(file, sending), PATH)
}

/** `fetch` tells nothing of what has left, so this is an XMLHttpRequest. */
function send(file: File, { progress, signal }: Sending): Promise<Response> {
  const body = new FormData()
  body.append('file', file, file.name)
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', PATH)
    headersOf('POST', { body }).forEach((value, name) => request.setRequestHeader(name, value))
    request.upload.addEventListener('progress', (event) => event.lengthComputable && progress?.(event.loaded / event.total))
    request.addEventListener('load', () => resolve(answered(request)))
    request.addEventListener('error', () => reject(unreachable(new TypeError('no answer'))))
    request.addEventListener('abort', () => reject(new DOMException('stopped', 'AbortError')))
    signal?.addEventListener('abort', () => request.abort(), { once: true })
    request.send(body)
  })
}

function answered(request: XMLHttpRequest): Response {
  const headers = new Headers({ 'Content-Type': request.getResponseHeader('Content-Type') ?? 'text/plain' })
  const later = request.getResponseHeader('Retry-After')
  if (later) headers.set('Retry-After', later)
  return new Response(request.responseText, { status: request.status, statusText: request.statusText, headers })
}
