/** A short message with one thing to do about it, such as taking back what was just done. */
import { ElMessage } from 'element-plus'
import { h } from 'vue'

const FOR_MS = 12_000

export function offer(text: string, act: string, run: () => unknown): void {
  const shown = ElMessage({
    type: 'success',
    duration: FOR_MS,
    showClose: true,
    message: () =>
      h('span', { class: 'offer' }, [
        text,
        ' ',
        h('button', { type: 'button', class: 'offer__act', onClick: () => (shown.close(), run()) }, act),
      ]),
  })
}
