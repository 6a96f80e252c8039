/** Whether the console is on something as narrow as a phone; the same width as in the stylesheets. */
import { onScopeDispose, ref, type Ref } from 'vue'

const NARROW = '(max-width: 700px)'

export function useNarrow(): Ref<boolean> {
  const query = matchMedia(NARROW)
  const narrow = ref(query.matches)
  const follow = () => (narrow.value = query.matches)
  query.addEventListener('change', follow)
  onScopeDispose(() => query.removeEventListener('change', follow))
  return narrow
}
