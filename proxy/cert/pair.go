package cert

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// maxFile is the largest file that is read, in bytes: it is there for what is named by
// mistake.
const maxFile = 1 << 20

// pair is a certificate with its key, read.
type pair struct {
	tls.Certificate
	file string // of the certificate
	sum  [sha256.Size]byte
}

// FileError is what is wrong with a file.
type FileError struct {
	Path  string
	OfKey bool // it is that of the key, or both are good and do not go together
	Text  string
}

// Error names the file and what to do about it.
func (e *FileError) Error() string { return e.Path + " " + e.Text }

// Check says what is wrong with a certificate and its key: a *FileError, or nil. If
// there is nothing wrong but that it has expired, or is not good yet, that is the
// warning.
func Check(files Files) (warning string, err error) {
	p, err := read(files)
	if err != nil {
		return "", err
	}
	switch now := time.Now(); {
	case now.After(p.Leaf.NotAfter):
		return fmt.Sprintf("%s has expired on %s; renew it", p.file, p.Leaf.NotAfter.Format(time.DateOnly)), nil
	case now.Before(p.Leaf.NotBefore):
		return fmt.Sprintf("%s is not good before %s; is the clock right?", p.file, p.Leaf.NotBefore.Format(time.DateOnly)), nil
	}
	return "", nil
}

func read(files Files) (pair, error) {
	cert, err := readFile(files.Cert)
	if err != nil {
		return pair{}, &FileError{Path: files.Cert, Text: cannot(err)}
	}
	if text := notCertificate(cert); text != "" {
		return pair{}, &FileError{Path: files.Cert, Text: text}
	}
	key, err := readFile(files.Key)
	if err != nil {
		return pair{}, &FileError{Path: files.Key, OfKey: true, Text: cannot(err)}
	}
	if text := notKey(key); text != "" {
		return pair{}, &FileError{Path: files.Key, OfKey: true, Text: text}
	}
	both, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return pair{}, &FileError{Path: files.Key, OfKey: true, Text: mismatch(files, err)}
	}
	return pair{Certificate: both, file: files.Cert, sum: sha256.Sum256(append(cert, key...))}, nil
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if len(data) > maxFile {
		err = errors.New("it is larger than 1MiB")
	}
	return data, err
}

// cannot says what to do about a file that cannot be read.
func cannot(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "does not exist; check the path, and the directory that it starts from"
	case errors.Is(err, fs.ErrPermission):
		return "cannot be read; let the user that runs pollmux read it and enter its directories"
	}
	return "cannot be read: " + err.Error()
}

// notCertificate says why data is no certificate, "" if it is one.
func notCertificate(data []byte) string {
	for rest, found := data, false; ; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		switch {
		case block == nil && !found:
			return `contains no certificate in PEM ("-----BEGIN CERTIFICATE-----")`
		case block == nil:
			return ""
		case block.Type != "CERTIFICATE":
			continue
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return "contains a certificate that cannot be read: " + err.Error()
		}
		found = true
	}
}

// notKey says why data is no private key, "" if it is one.
func notKey(data []byte) string {
	for {
		var block *pem.Block
		block, data = pem.Decode(data)
		switch {
		case block == nil:
			return `contains no private key in PEM ("-----BEGIN PRIVATE KEY-----")`
		case block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
			return "is encrypted; write it without a passphrase (openssl pkey -in FILE -out FILE), and let only pollmux read it"
		case block.Type == "PRIVATE KEY" || strings.HasSuffix(block.Type, " PRIVATE KEY"):
			return ""
		}
	}
}

// mismatch says what is wrong with two files that are good as such.
func mismatch(files Files, err error) string {
	if strings.Contains(err.Error(), "does not match") {
		return "is not the key of the first certificate in " + files.Cert + "; name the key that belongs to it, and put the certificate itself before those that lead to its root"
	}
	return "cannot be used with " + files.Cert + ": " + strings.TrimPrefix(err.Error(), "tls: ")
}

// names are those that the certificate is for.
func (p *pair) names() string {
	names := slices.Clone(p.Leaf.DNSNames)
	for _, ip := range p.Leaf.IPAddresses {
		names = append(names, ip.String())
	}
	return strings.Join(names, " ")
}
