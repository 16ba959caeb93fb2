package config

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
)

// Load reads the files, and returns how to speak to https servers: by TLS 1.2 or
// later, and HTTP/1.1. The error is a Problems, whose Field is a key of t.
func (t *UpstreamTLS) Load() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, ServerName: t.ServerName, InsecureSkipVerify: t.InsecureSkipVerify}
	if t.CA != "" {
		data, text := readPEM(t.CA)
		if text == "" {
			c.RootCAs, text = certificates(data)
		}
		if text != "" {
			return nil, Problems{{Field: "ca", Text: text}}
		}
	}
	if t.Cert == "" {
		return c, nil
	}
	cert, text := readPEM(t.Cert)
	if text != "" {
		return nil, Problems{{Field: "cert", Text: text}}
	}
	key, text := readPEM(t.Key)
	if text != "" {
		return nil, Problems{{Field: "key", Text: text}}
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, Problems{{Field: "cert", Text: "does not go with key: " + err.Error()}}
	}
	c.Certificates = []tls.Certificate{pair}
	return c, nil
}

// Files reads the files that the configuration names, and reports those that are not
// good; the error is a Problems. Their fields are whole paths.
func (c *Config) Files() error {
	var all Problems
	for _, name := range slices.Sorted(maps.Keys(c.Upstreams)) {
		var wrong Problems
		if _, err := c.Upstreams[name].TLS.Load(); errors.As(err, &wrong) {
			for _, problem := range wrong {
				problem.Field = child("upstreams", name) + ".tls." + problem.Field
				all = append(all, problem)
			}
		}
	}
	if len(all) > 0 {
		return all
	}
	return nil
}

// maxPEM bounds a file of certificates; the system's own has less than 1 MiB.
const maxPEM = 16 << 20

// readPEM reads a file, or says what is wrong with it. What is in it is not shown.
func readPEM(name string) (data []byte, wrong string) {
	info, err := os.Stat(name)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return nil, fmt.Sprintf("%s is not a file; name one in PEM", quote(name))
	case err == nil && info.Size() > maxPEM:
		return nil, fmt.Sprintf("%s is larger than 16 MiB; name a file in PEM", quote(name))
	case err == nil:
		data, err = os.ReadFile(name)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Sprintf("%s is not there; the name is relative to where pollmux is started", quote(name))
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Sprintf("%s may not be read; let the user that runs pollmux read it", quote(name))
	case err != nil:
		return nil, fmt.Sprintf("%s cannot be read: %v", quote(name), err)
	}
	if block, _ := pem.Decode(data); block == nil {
		return nil, fmt.Sprintf("%s is not in PEM, which has lines such as -----BEGIN CERTIFICATE-----", quote(name))
	}
	return data, ""
}

// certificates returns all that are in a file, or says what is wrong.
func certificates(data []byte) (roots *x509.CertPool, wrong string) {
	roots = x509.NewCertPool()
	n := 0
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Sprintf("has a block of type %s; it may hold certificates only", quote(block.Type))
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Sprintf("has a certificate, number %d, that cannot be read: %v", n+1, err)
		}
		roots.AddCert(cert)
		n++
	}
	return roots, ""
}
