package demo

import (
	"context"
	"fmt"
	"io"
	"time"
)

// Run runs a demo until ctx ends, and tells about it on out.
func Run(ctx context.Context, o Options, out io.Writer) error {
	d, err := Start(o)
	if err != nil {
		return err
	}
	d.introduce(out)
	status := newStatus(out)
	ticker := time.NewTicker(d.options.tell)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			status.show(d.Account())
		case <-ctx.Done():
			status.end()
			return d.finish(out)
		}
	}
}

// introduce prints where everything is.
func (d *Demo) introduce(out io.Writer) {
	fmt.Fprintf(out, `One scoreboard that can only be polled, and %d clients who watch it in each of five ways.

  page       %s/      open it in a browser
  dashboard  %s/      what an operator sees
  origin     %s/      the legacy API itself

  curl %s/api/scores
  curl -N -H 'Accept: text/event-stream' %s/api/scores

The dashboard takes whoever waits for a client that polls every interval of its route. What
is printed here goes by how often these clients would poll, which is less.

Ctrl-C ends it.

`, d.options.Clients, d.PageURL(), d.AdminURL(), d.OriginURL(), d.PageURL(), d.PageURL())
}

// finish ends the demo and prints what came of it.
func (d *Demo) finish(out io.Writer) error {
	account := d.Account()
	fmt.Fprintln(out, "stopping ...")
	err := d.Close()
	fmt.Fprintln(out, account.summary(d.options.Clients))
	return err
}
