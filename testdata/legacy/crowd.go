package legacy

import (
	"fmt"
	"math/rand/v2"
)

// memberName names the n-th simulated member of a room.
func memberName(n int) string {
	first := [...]string{"ana", "bo", "cleo", "dmitri", "eun", "fatima", "gus", "hiro", "ines", "jonas"}
	return fmt.Sprintf("%s%04d", first[n%len(first)], n)
}

// smallTalk is something that people say in a room of thousands.
func smallTalk(r *rand.Rand) string {
	opening := [...]string{"did you see that", "no way", "what a play", "hello from section", "lol", "+1", "who is up next", "that was foul"}
	ending := [...]string{"!", "?", "!!!", " :)", " …", ", honestly", " 🎉", ""}
	text := opening[r.IntN(len(opening))]
	if r.IntN(3) == 0 {
		text = fmt.Sprintf("%s %d", text, r.IntN(400))
	}
	return text + ending[r.IntN(len(ending))]
}
