package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/cert"
)

// certificates are those of all listeners. Listeners with the same files have the
// same keeper.
type certificates struct {
	keepers []*cert.Keeper
	byFiles map[string]*cert.Keeper
}

func loadCertificates(c *config.Config, log *slog.Logger) (*certificates, error) {
	all := &certificates{byFiles: map[string]*cert.Keeper{}}
	for _, l := range c.Listen {
		pairs := c.TLSOf(l)
		if len(pairs) == 0 || all.of(pairs) != nil {
			continue
		}
		k, err := cert.Load(pathsOf(pairs), log)
		if err != nil {
			return nil, fmt.Errorf("tls: %w", err)
		}
		all.byFiles[fmt.Sprint(pairs)] = k
		all.keepers = append(all.keepers, k)
	}
	return all, nil
}

// of returns the keeper of these files, nil for none.
func (c *certificates) of(pairs config.KeyPairs) *cert.Keeper { return c.byFiles[fmt.Sprint(pairs)] }

// watch looks after files that change until ctx ends: every few seconds, and at once
// when SIGHUP asks for it.
func (c *certificates) watch(ctx context.Context, running *sync.WaitGroup) {
	asked := make(chan os.Signal, 1)
	if len(c.keepers) > 0 {
		signal.Notify(asked, syscall.SIGHUP)
	}
	running.Go(func() {
		defer signal.Stop(asked)
		c.obey(ctx, asked)
	})
	for _, k := range c.keepers {
		running.Go(func() { k.Watch(ctx) })
	}
}

// obey reads all files whenever it is asked to, until ctx ends. What is wrong with
// them, the log is told.
func (c *certificates) obey(ctx context.Context, asked <-chan os.Signal) {
	for {
		select {
		case <-asked:
		case <-ctx.Done():
			return
		}
		for _, k := range c.keepers {
			_ = k.Reload()
		}
	}
}

func pathsOf(pairs config.KeyPairs) []cert.Files {
	var all []cert.Files
	for _, p := range pairs {
		all = append(all, cert.Files(p))
	}
	return all
}

// loadConfiguration reads a configuration and looks at the certificates that it names.
// Those that have expired are no problem, but a warning.
func loadConfiguration(path string) (c *config.Config, warnings config.Problems, err error) {
	if c, err = config.Load(path); err == nil {
		err = filesOf(c, path)
	}
	if err != nil {
		return nil, nil, err
	}
	problems, warnings := checkCertificates(path, c)
	if len(problems) > 0 {
		return nil, nil, problems
	}
	return c, warnings, nil
}

// checkCertificates says what is wrong with the files of a configuration.
func checkCertificates(path string, c *config.Config) (problems, warnings config.Problems) {
	check := func(field string, pairs config.KeyPairs) {
		for i, p := range pairs {
			at := fmt.Sprintf("%s[%d]", field, i)
			warning, err := cert.Check(cert.Files(p))
			var wrong *cert.FileError
			switch {
			case warning != "":
				warnings = append(warnings, config.Locate(path, at+".cert", "warning: "+warning))
			case errors.As(err, &wrong) && wrong.OfKey:
				problems = append(problems, config.Locate(path, at+".key", err.Error()))
			case err != nil:
				problems = append(problems, config.Locate(path, at+".cert", err.Error()))
			}
		}
	}
	for i, l := range c.Listen {
		check(fmt.Sprintf("listen[%d].tls", i), l.TLS)
	}
	check("tls", c.TLS)
	return problems, warnings
}
