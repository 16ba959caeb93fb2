// Package page is where client.js will live: the script that upgrades an
// unmodified page's polls to one WebSocket, and its injection into HTML.
//
// There is nothing in it yet. It needs the envelope (pollmux.v1), which will stand
// beside Socket in package upgrade.
package page
