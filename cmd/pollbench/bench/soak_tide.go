package bench

import (
	"context"
	"errors"
	"fmt"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// crests is how many there are before a stretch: no two are of the same height.
const crests = 3

// crest has more clients come at once, and leave, than there will be later, and
// has some of them ask for more. What is kept for the highest tide ever, as room
// for goroutines, in maps and for what manages memory, is then the same for both
// stretches, and no matter of chance.
func (b *soak) crest(ctx context.Context) error {
	crowd := load.NewCrowd(b.proxy.Address, func(*load.Member, []byte, int64) {})
	defer crowd.Close()
	for _, k := range load.Kinds() {
		for i := range soakUsers {
			if err := crowd.Subscribe(ctx, k, fmt.Sprintf("%s%d", soakLasting, i), max(1, b.options.Clients/4)); err != nil {
				return err
			}
		}
	}
	err := await(ctx, "the proxy to hold everybody", func() (bool, error) {
		var now child.Sample
		err := b.proxy.Ask("sample", &now)
		return now.Held == int64(crowd.Size()), errors.Join(append(crowd.Dropped(), err)...)
	})
	if err != nil {
		return err
	}
	many := &load.Wanderers{Address: b.proxy.Address, Clients: b.options.Clients, Count: 5 * soakFeeds, Target: largeOf}
	if err := many.Run(ctx); err != nil && !errors.Is(err, load.ErrAnswer) {
		return err
	}
	return nil
}

// largeOf is the URL of a number, of something large: snapshots fill the memory
// that they may have.
func largeOf(number int64) string { return fmt.Sprintf("%screst?page=%d", child.Large, number) }

// ebb waits until nobody is held any more.
func (b *soak) ebb(ctx context.Context) error {
	return await(ctx, "everybody to have left", func() (bool, error) {
		var now child.Sample
		err := b.proxy.Ask("sample", &now)
		return now.Held == 0, err
	})
}
