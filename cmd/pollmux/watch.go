package main

import (
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// lookEvery is how often a file is looked at that the system tells nothing of, and
	// lookAnyway how often one that it tells of: on some file systems it does not.
	lookEvery  = 2 * time.Second
	lookAnyway = 15 * time.Second

	// soon is how long to wait for what else happens in a directory.
	soon = 50 * time.Millisecond
)

// watcher says when to look at a file. It watches the directories that the file's name
// leads through rather than the file: an editor puts another file in its place, and a
// ConfigMap of Kubernetes another directory. Whether anything has changed is for who
// looks to find out, by content.
type watcher struct {
	changed chan struct{}

	file   string
	log    *slog.Logger
	events *fsnotify.Watcher // nil if the system has none
	dirs   []string          // that are watched
	told   bool
	stop   chan struct{}
	done   sync.WaitGroup
}

// watch watches a file until close.
func watch(file string, log *slog.Logger) *watcher {
	w := &watcher{changed: make(chan struct{}, 1), file: file, log: log, stop: make(chan struct{})}
	var err error
	if w.events, err = fsnotify.NewWatcher(); err != nil {
		w.fallBack(err)
	}
	w.follow()
	w.done.Go(w.run)
	return w
}

func (w *watcher) close() {
	close(w.stop)
	w.done.Wait()
}

func (w *watcher) run() {
	var events chan fsnotify.Event
	var errs chan error
	if w.events != nil {
		defer w.events.Close()
		events, errs = w.events.Events, w.events.Errors
	}
	timer, waits := time.NewTimer(w.pause()), false
	defer timer.Stop()
	for {
		select {
		case <-events:
		case <-errs: // some events were lost
		case <-timer.C:
			w.follow()
			waits = false
			timer.Reset(w.pause())
			select {
			case w.changed <- struct{}{}:
			default: // somebody is about to look
			}
			continue
		case <-w.stop:
			return
		}
		if !waits {
			waits = true
			timer.Reset(soon)
		}
	}
}

func (w *watcher) pause() time.Duration {
	if len(w.dirs) == 0 {
		return lookEvery
	}
	return lookAnyway
}

// follow watches the directory of the file, and that of what it is a link to.
func (w *watcher) follow() {
	if w.events == nil {
		return
	}
	dirs := []string{filepath.Dir(w.file)}
	if real, err := filepath.EvalSymlinks(w.file); err == nil && !slices.Contains(dirs, filepath.Dir(real)) {
		dirs = append(dirs, filepath.Dir(real))
	}
	if slices.Equal(dirs, w.dirs) {
		return
	}
	for _, gone := range w.dirs {
		if !slices.Contains(dirs, gone) {
			_ = w.events.Remove(gone) // it may not be there any more
		}
	}
	w.dirs = slices.DeleteFunc(dirs, func(dir string) bool { return !w.add(dir) })
}

func (w *watcher) add(dir string) bool {
	if slices.Contains(w.dirs, dir) {
		return true
	}
	err := w.events.Add(dir)
	if err != nil {
		w.fallBack(err)
	}
	return err == nil
}

// fallBack says, once, that changes are found out later.
func (w *watcher) fallBack(why error) {
	if !w.told {
		w.told = true
		w.log.Info("the system does not tell of changes of the configuration: it is looked at every now and then", "retry_in", lookEvery, "error", why)
	}
}
