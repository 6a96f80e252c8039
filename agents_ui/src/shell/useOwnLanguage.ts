/** The console speaks the language of the signed-in person's record, unless one was chosen at this browser. */
import { watch } from 'vue'
import { useSession } from '@/api/session'
import { speakAsKnown } from '@/words'

export function useOwnLanguage(): void {
  const { user } = useSession()
  watch(
    () => user.value?.locale,
    (locale) => locale && speakAsKnown(locale),
    { immediate: true },
  )
}
