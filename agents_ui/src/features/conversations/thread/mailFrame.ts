/**
 * The document of a mail's frame. The hub has cleaned the markup; the frame's sandbox (no script, no origin, no forms),
 * the console's own policy, which such a frame inherits, and the policy in here each stop what another might let pass.
 * Nothing is loaded from elsewhere: a remote image would tell its sender who read the mail, and when.
 */
const POLICY = "default-src 'none'; img-src data:"

/**
 * Neither an inline style nor a stylesheet may reach into the frame (it has no origin that could be `'self'`), so the
 * paper, the ink and the type are said with the attributes of old. White in both themes: mails are written for it.
 */
const PAPER = 'bgcolor="#ffffff" text="#1f2937" link="#1d4ed8" vlink="#1d4ed8"'
const TYPE = 'face="system-ui, PingFang SC, Microsoft YaHei, Noto Sans CJK SC, sans-serif" size="2"'

/** Tags as the hub's cleaner writes them: attribute values quoted. */
const TAG = /<[a-z][^\s>]*(?:\s(?:[^"'<>]|"[^"]*"|'[^']*')*)?>/gi
const STYLE = /\sstyle=(?:"[^"]*"|'[^']*')/gi

/** Inline styles are refused by the inherited policy; without them the browser has nothing to complain about. */
export function withoutStyles(html: string): string {
  return html.replace(TAG, (tag) => tag.replace(STYLE, ''))
}

/** How many images the frame will not show; the hub has set the addresses of most of them aside already. */
export function remoteImages(html: string): number {
  return (html.match(/<img\b[^>]*\s(?:data-remote-)?src=["']?https?:/gi) ?? []).length
}

export function mailDocument(html: string): string {
  const head = `<meta http-equiv="Content-Security-Policy" content="${POLICY}"><meta name="referrer" content="no-referrer">`
  const body = `<body ${PAPER}><font ${TYPE}>${withoutStyles(html)}</font></body>`
  return `<!doctype html><html><head>${head}<base target="_blank"></head>${body}</html>`
}
