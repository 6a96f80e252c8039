/** The pages that a menu may lead to: those of the navigation, and the lists of record types; by right. */
import { computed, onMounted, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { useSession } from '@/api/session'
import { listTypes, type TypeName } from './api'

export function usePages() {
  const { t, locale } = useI18n()
  const { has } = useSession()
  const router = useRouter()
  const types = shallowRef<TypeName[]>([])
  onMounted(async () => void (types.value = await listTypes()))

  const titleOfType = (key: string): string => types.value.find((one) => one.key === key)?.title ?? 'name'
  const nameOfType = (key: string): string | null => {
    const label = types.value.find((one) => one.key === key)?.plural
    return label ? (locale.value === 'zh-CN' ? label.zh : label.en) : null
  }

  function nameOf(path: string): string | null {
    const type = /^\/records\/([a-z][a-z0-9_]*)$/.exec(path)?.[1]
    if (type) return nameOfType(type)
    const { meta } = router.resolve(path)
    const words = meta.named ?? meta.nav?.words
    return words && (!meta.right || has(meta.right)) ? t(words) : null
  }

  const pages = computed(() => [
    ...router.getRoutes().flatMap((route) => (route.meta.nav ? [route.path] : [])),
    ...types.value.map((one) => `/records/${one.key}`),
  ].flatMap((path) => {
    const name = nameOf(path)
    return name ? [{ path, name }] : []
  }))

  return { types, pages, nameOf, nameOfType, titleOfType }
}
