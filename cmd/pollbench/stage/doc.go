// Package stage puts up what a benchmark needs and takes it down again: child
// processes, nginx, nchan, Varnish and HAProxy with configurations made for the
// occasion, and a directory for their files.
//
//	Stage ── Child ──► this program again, as one of the servers of package child
//	      ── Nginx ──► nginx, if it is installed
//	      ── Nchan ──► nginx with nchan, if that is installed
//	      ── Varnish ► varnishd, if it is installed
//	      ── HAProxy ► haproxy, if it is installed
//	      ── Apart ──► servers on cores of their own from then on, clients on the others
//
// Everything listens on a free port of the loopback interface. Each process is in
// a process group of its own, so that an interrupt at the terminal reaches only
// the parent, and is ended by its own id: our own by the end of their input, the
// others by SIGTERM, and whatever is left of them by SIGKILL. On Linux they also
// end when the parent is killed.
package stage
