package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/cert"
)

// certificates are those of all listeners. Listeners with the same files have the
// same keeper. They belong to the goroutine of serve.
type certificates struct {
	log      *slog.Logger
	byFiles  map[string]*kept
	keepers  atomic.Pointer[[]*cert.Keeper] // for whoever wants to know of them
	watching sync.WaitGroup
}

// kept is a keeper whose files are looked at until stop is called.
type kept struct {
	*cert.Keeper
	stop context.CancelFunc
}

func newCertificates(log *slog.Logger) *certificates {
	all := &certificates{log: log}
	all.apply(nil)
	return all
}

// prepare returns the keepers for a configuration, by their files: those that there are,
// and new ones, which are good.
func (c *certificates) prepare(wanted *config.Config) (map[string]*cert.Keeper, error) {
	next := map[string]*cert.Keeper{}
	for _, l := range wanted.Listen {
		pairs := wanted.TLSOf(l)
		name := fmt.Sprint(pairs)
		switch known := c.byFiles[name]; {
		case len(pairs) == 0 || next[name] != nil:
			continue
		case known != nil:
			next[name] = known.Keeper
		default:
			k, err := cert.Load(pathsOf(pairs), c.log)
			if err != nil {
				return nil, fmt.Errorf("tls: %w", err)
			}
			next[name] = k
		}
	}
	return next, nil
}

// apply looks after these keepers, and no others.
func (c *certificates) apply(next map[string]*cert.Keeper) {
	byFiles, keepers := map[string]*kept{}, []*cert.Keeper{}
	for _, name := range slices.Sorted(maps.Keys(next)) {
		keepers = append(keepers, next[name])
		if byFiles[name] = c.byFiles[name]; byFiles[name] == nil {
			byFiles[name] = c.watch(next[name])
		}
	}
	for name, k := range c.byFiles {
		if byFiles[name] == nil {
			k.stop()
		}
	}
	c.byFiles = byFiles
	c.keepers.Store(&keepers)
}

func (c *certificates) watch(k *cert.Keeper) *kept {
	ctx, stop := context.WithCancel(context.Background())
	c.watching.Go(func() { k.Watch(ctx) })
	return &kept{k, stop}
}

// reload reads all files now. What is wrong with them, the log is told.
func (c *certificates) reload() {
	for _, k := range c.byFiles {
		_ = k.Reload()
	}
}

// close stops looking after them.
func (c *certificates) close() {
	c.apply(nil)
	c.watching.Wait()
}

// of returns the keeper of these files among some, nil for none.
func of(keepers map[string]*cert.Keeper, pairs config.KeyPairs) *cert.Keeper {
	return keepers[fmt.Sprint(pairs)]
}

func pathsOf(pairs config.KeyPairs) []cert.Files {
	var all []cert.Files
	for _, p := range pairs {
		all = append(all, cert.Files(p))
	}
	return all
}

// loadConfiguration reads a configuration and looks at the files that it names.
func loadConfiguration(path string) (c *config.Config, warnings config.Problems, err error) {
	data, err := config.Read(path)
	if err != nil {
		return nil, nil, err
	}
	return parseConfiguration(path, data)
}

// parseConfiguration is loadConfiguration of what was read. Certificates that have expired
// are no problem, but a warning.
func parseConfiguration(path string, data []byte) (c *config.Config, warnings config.Problems, err error) {
	if c, err = config.Parse(path, data); err == nil {
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
