/** Which control edits which kind of value; what is not listed is shown and not edited. */
export const TEXT_KINDS: Record<string, string> = { text: 'text', phone: 'tel', email: 'email' }
const EDITED = new Set(['text', 'longtext', 'phone', 'email', 'int', 'decimal', 'bool', 'choice', 'date', 'datetime', 'link', 'table'])

export const canEdit = (kind: string, many: boolean): boolean =>
  EDITED.has(kind) && (!many || ['choice', 'link', 'table'].includes(kind))
