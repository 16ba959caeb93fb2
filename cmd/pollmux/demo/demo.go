package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy"
	"github.com/pollmux/pollmux/proxy/admin"
)

// Demo is a running demo. Begin one with [Start], and end it with Close.
type Demo struct {
	options Options
	run     string
	begun   time.Time

	origin *origin
	config *config.Config
	proxy  *proxy.Proxy
	admin  *admin.Admin
	knob   *knob
	crowd  *crowd

	originAt, proxyAt, adminAt net.Addr

	stop    context.CancelFunc // of everything that is simulated
	running sync.WaitGroup
}

// Start starts everything: origins, proxy, dashboard, clients. It returns as
// soon as they are on their way.
func Start(o Options) (*Demo, error) {
	o = o.filled()
	if err := checkAdmin(o.Admin); err != nil {
		return nil, err
	}
	d := &Demo{options: o, begun: time.Now(), origin: newOrigin(o)}
	d.run = strconv.FormatInt(d.begun.UnixNano(), 36)
	listeners, err := d.listen()
	if err != nil {
		return nil, err
	}
	if err := d.build(); err != nil {
		closeAll(listeners)
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	d.stop, d.knob = stop, newKnob(ctx)
	d.origin.serve(listeners[0], d)
	d.running.Go(func() { _ = d.proxy.Serve(listeners[1]) }) // these are waited for by Close
	d.running.Go(func() { d.admin.Serve(listeners[2]) })
	d.running.Go(func() { d.origin.observe(ctx) })
	d.crowd = gather(ctx, o.Clients, d.origin.lanes, d.knob, d.PageURL(), d.OriginURL())
	return d, nil
}

// listen opens the origin's listener, on any port, the proxy's and the admin's.
func (d *Demo) listen() ([]net.Listener, error) {
	var all []net.Listener
	for _, want := range []struct{ flag, address string }{
		{"", "127.0.0.1:0"}, {"--listen", d.options.Listen}, {"--admin", d.options.Admin},
	} {
		l, err := net.Listen("tcp", want.address)
		if err != nil {
			closeAll(all)
			return nil, listenError(want.flag, want.address, err)
		}
		all = append(all, l)
	}
	d.originAt, d.proxyAt, d.adminAt = all[0].Addr(), all[1].Addr(), all[2].Addr()
	return all, nil
}

// checkAdmin refuses a dashboard that other machines could see: the demo has no
// token to ask for.
func checkAdmin(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil || host == "localhost" {
		return nil // net.Listen knows better what is wrong
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && !ip.IsLoopback() {
		return fmt.Errorf("--admin %s can be reached from other machines: choose 127.0.0.1, [::1] or localhost", address)
	}
	return nil
}

// listenError says what to do about an address that cannot be had.
func listenError(flag, address string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is in use: choose another address with %s, such as %s 127.0.0.1:0 for any free port", address, flag, flag)
	}
	return fmt.Errorf("%s: %w", flag, err)
}

// build makes the proxy and its admin.
func (d *Demo) build() error {
	server, err := url.Parse(d.OriginURL())
	if err != nil {
		return err
	}
	if d.config, err = configuration(d.options, server); err != nil {
		return err
	}
	d.proxy, err = proxy.New(d.config, proxy.Options{Log: d.options.Log, Version: d.options.Version})
	if err != nil {
		return err
	}
	d.admin = admin.New(d.proxy, admin.Options{Log: d.options.Log})
	return nil
}

// Close ends everything, and waits for it: first the clients, then those who
// serve them.
func (d *Demo) Close() error {
	d.stop()
	d.crowd.disperse()
	ctx, cancel := context.WithTimeout(context.Background(), d.config.DrainTimeout)
	defer cancel()
	err := d.proxy.Shutdown(ctx)
	d.admin.Close()
	d.origin.close()
	d.running.Wait()
	return err
}

// PageURL is where the page is, and everything else, through the proxy.
func (d *Demo) PageURL() string { return urlOf(d.proxyAt) }

// AdminURL is where the operator's dashboard is.
func (d *Demo) AdminURL() string { return urlOf(d.adminAt) }

// OriginURL is where the legacy APIs are, without the proxy.
func (d *Demo) OriginURL() string { return urlOf(d.originAt) }

// urlOf is a listener's URL as somebody on this machine can use it.
func urlOf(addr net.Addr) string {
	at, err := netip.ParseAddrPort(addr.String())
	if err == nil && at.Addr().IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d", at.Port())
	}
	return "http://" + addr.String()
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		_ = l.Close()
	}
}
