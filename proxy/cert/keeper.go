package cert

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Pace is how often the files are looked at.
const Pace = 10 * time.Second

// Files are where a certificate and its key are, in PEM.
type Files struct{ Cert, Key string }

// Keeper has the certificates of one listener. Make one with Load. Its methods may
// be called concurrently.
type Keeper struct {
	files []Files
	log   *slog.Logger
	now   atomic.Pointer[[]pair]
	bad   atomic.Uint64 // times that new files were refused

	mu   sync.Mutex
	told string // the problem that the log has
}

// Load reads certificates, at least one. All of them have to be good, but may have
// expired, which the log is told of.
func Load(files []Files, log *slog.Logger) (*Keeper, error) {
	k := &Keeper{files: slices.Clone(files), log: log}
	pairs, err := k.read()
	if err != nil {
		return nil, err
	}
	k.now.Store(&pairs)
	for i := range pairs {
		k.tell("certificate", &pairs[i])
	}
	return k, nil
}

// Config is a server's configuration that always shows the certificates of the
// moment: TLS 1.2 or newer, HTTP/1.1 only, with the suites that package tls thinks
// good and session tickets whose keys it changes daily. No client is asked for a
// certificate.
func (k *Keeper) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"http/1.1"},
		GetCertificate: k.choose,
	}
}

// choose returns the first certificate that is good for what the client asks for, or
// the first of all.
func (k *Keeper) choose(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	pairs := *k.now.Load()
	for i := range pairs {
		if len(pairs) > 1 && hello.SupportsCertificate(&pairs[i].Certificate) == nil {
			return &pairs[i].Certificate, nil
		}
	}
	return &pairs[0].Certificate, nil
}

// Reload reads the files now. If anything is wrong with them, all certificates stay
// as they are, and that is the error.
func (k *Keeper) Reload() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	pairs, err := k.read()
	if err != nil {
		k.bad.Add(1)
		k.refuse(err)
		return err
	}
	k.told = ""
	old := *k.now.Load()
	k.now.Store(&pairs)
	for i := range pairs {
		if pairs[i].sum != old[i].sum {
			k.tell("certificate replaced", &pairs[i])
		}
	}
	return nil
}

// Watch reloads what has changed until ctx ends. It blocks.
func (k *Keeper) Watch(ctx context.Context) {
	ticker := time.NewTicker(Pace)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			_ = k.Reload() // which tells the log
		case <-ctx.Done():
			return
		}
	}
}

// refuse tells the log of a problem once.
func (k *Keeper) refuse(err error) {
	if text := err.Error(); text != k.told {
		k.told = text
		k.log.Error("new certificate refused; the old one stays", "error", err)
	}
}

// tell tells the log of a certificate that is in use now.
func (k *Keeper) tell(what string, p *pair) {
	if time.Now().After(p.Leaf.NotAfter) {
		k.log.Warn("this certificate has expired: clients will refuse it; renew it", "certificate", p.file, "expires", p.Leaf.NotAfter)
		return
	}
	k.log.Info(what, "certificate", p.file, "names", p.names(), "expires", p.Leaf.NotAfter)
}

func (k *Keeper) read() ([]pair, error) {
	if len(k.files) == 0 {
		return nil, errors.New("no certificate is named")
	}
	pairs := make([]pair, len(k.files))
	for i, files := range k.files {
		var err error
		if pairs[i], err = read(files); err != nil {
			return nil, err
		}
	}
	return pairs, nil
}
