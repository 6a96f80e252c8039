/** Tabs that do not fit are scrolled sideways: the one that is open must not lie out of sight. */
import { nextTick, onMounted, watch, type Ref } from 'vue'
import { useRoute } from 'vue-router'

export function useHereInSight(tabs: Ref<HTMLElement | null>): void {
  const route = useRoute()
  async function show() {
    await nextTick()
    tabs.value?.querySelector('.is-here')?.scrollIntoView({ inline: 'center', block: 'nearest' })
  }
  onMounted(show)
  watch(() => route.path, show)
}
