/** Whether single keys act: whoever speaks to the machine, or leans on the keyboard, can turn that off. */
import { ref } from 'vue'

const NAME = 'mainstem.single-keys'
const singles = ref(localStorage.getItem(NAME) !== 'off')

export function useSingles() {
  function turn(on: boolean): void {
    singles.value = on
    localStorage.setItem(NAME, on ? 'on' : 'off')
  }
  return { singles, turn }
}
