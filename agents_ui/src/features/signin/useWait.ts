import { onScopeDispose, ref } from 'vue'

/** Seconds that are left of a pause the hub asked for. */
export function useWait() {
  const left = ref(0)
  let timer: ReturnType<typeof setInterval> | undefined

  function wait(seconds: number) {
    clearInterval(timer)
    left.value = Math.ceil(seconds)
    timer = setInterval(() => {
      left.value -= 1
      if (left.value <= 0) clearInterval(timer)
    }, 1000)
  }

  onScopeDispose(() => clearInterval(timer))
  return { left, wait }
}
