/** Short messages on top of the page; the only script use of Element Plus. */
import { ElMessage } from 'element-plus'

export function tell(text: string, type: 'success' | 'warning' | 'error' | 'info' = 'info'): void {
  ElMessage({ message: text, type, grouping: true, showClose: type === 'error', duration: type === 'error' ? 8000 : 3000 })
}
