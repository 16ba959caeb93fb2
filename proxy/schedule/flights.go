package schedule

import (
	"slices"
	"time"
)

// flights are the polls under way that count against what an origin gets at once.
type flights struct {
	counted int
	oldest  []departure // that may still count: the first began first
	gone    int         // of these, that do not any more
}

type departure struct {
	item  *Item
	began time.Time
}

func (f *flights) begin(it *Item, now time.Time) {
	if it.failing {
		return // it may hang, and says nothing about the rest
	}
	it.counted = true
	f.counted++
	if f.gone > len(f.oldest)/2 {
		f.oldest, f.gone = slices.Delete(f.oldest, 0, f.gone), 0
	}
	f.oldest = append(f.oldest, departure{it, now})
}

func (f *flights) end(it *Item) {
	if it.counted {
		it.counted = false
		f.counted--
	}
}

// forget stops counting those that have been under way for longer than patience:
// they hang, and others do not have to wait for them. It returns when the next one
// will have, or the zero time.
func (f *flights) forget(now time.Time, patience time.Duration) (next time.Time) {
	for ; f.gone < len(f.oldest); f.gone++ {
		first := f.oldest[f.gone]
		under := first.item.counted && first.item.polled.Equal(first.began)
		if hangs := first.began.Add(patience); under && hangs.After(now) {
			return hangs
		} else if under {
			f.end(first.item)
		}
		f.oldest[f.gone] = departure{}
	}
	return time.Time{}
}
