package ice

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// A DTLSClient is the client's end of a DTLS association with a TURN server (RFC
// 8656 §3.1, RFC 7350), which GathererConfig.DTLS makes.
type DTLSClient interface {
	// Handshake returns once the server has been shaken hands with, or was found to
	// be no one to trust. ctx bounds it.
	Handshake(ctx context.Context) error
	// Deliver takes a datagram that has come from the server and does not keep it.
	// EndBatch follows the last one of a batch.
	Deliver(datagram []byte)
	EndBatch()
	// Read waits for a message and copies it to p. Any error but
	// io.ErrShortBuffer is final.
	Read(p []byte) (int, error)
	// Buffered reports whether Read would not wait.
	Buffered() bool
	// Append takes a message that Flush sends.
	Append(message []byte) error
	Flush()
	// Close ends the association, and Read with it.
	Close() error
}

// A DTLSDialer makes the client's end of an association. It sends by send, which
// keeps nothing, and judges the server as config says for TLS.
type DTLSDialer func(config *tls.Config, send func(datagrams [][]byte) error) (DTLSClient, error)

// A dtlsLink is a turnLink over DTLS. A goroutine reads the socket, run; whoever
// calls next waits for what that has brought.
type dtlsLink struct {
	*datagramLink
	client DTLSClient
	buf    []byte // of next
}

// dtlsMessage is the longest message that the library's DTLS opens.
const dtlsMessage = 2048

// dialDTLS opens an association with a server over a socket, which is its own from
// then on. start runs a function on a goroutine.
func dialDTLS(ctx context.Context, conn udp.Conn, server netip.AddrPort, dial DTLSDialer, config *tls.Config, start func(func())) (*dtlsLink, error) {
	l := &dtlsLink{datagramLink: newDatagramLink(conn, server)}
	// A host without a route to the server learns it at once; once the association
	// stands, what cannot be sent is lost.
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	var err error
	if l.client, err = dial(config, func(datagrams [][]byte) error {
		err := l.send(datagrams)
		if err != nil {
			giveUp(err)
		}
		return err
	}); err != nil {
		_ = conn.Close()
		return nil, err
	}
	start(l.run)
	if err := l.client.Handshake(ctx); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		_ = l.close()
		return nil, fmt.Errorf("DTLS: %w", err)
	}
	return l, nil
}

// run hands what comes to the association, until the socket is closed.
func (l *dtlsLink) run() {
	var batch [udp.MaxLent]udp.Datagram
	for {
		n, err := l.conn.ReadBatch(batch[:])
		if errors.Is(err, net.ErrClosed) {
			return
		}
		for i := range batch[:n] {
			l.deliver(&batch[i])
		}
		if n > 0 {
			l.client.EndBatch()
		}
		udp.Release(batch[:])
	}
}

func (l *dtlsLink) deliver(d *udp.Datagram) {
	if plain(d.Addr) != l.server {
		l.foreign.Add(1)
		return
	}
	size := d.SegmentSize
	if size <= 0 {
		size = max(d.N, 1)
	}
	for b := d.Buf[:d.N]; len(b) > 0; {
		n := min(size, len(b))
		l.client.Deliver(b[:n])
		b = b[n:]
	}
}

// dtlsBatches are the storage of batches on their way out.
var dtlsBatches = sync.Pool{New: func() any { return new([]udp.Datagram) }}

// send hands the association's datagrams to the socket.
func (l *dtlsLink) send(datagrams [][]byte) error {
	batch := dtlsBatches.Get().(*[]udp.Datagram)
	defer dtlsBatches.Put(batch)
	for _, b := range datagrams {
		*batch = append(*batch, udp.Datagram{Buf: b, N: len(b), Addr: l.server})
	}
	_, err := l.conn.WriteBatch(*batch)
	clear(*batch)
	*batch = (*batch)[:0]
	return err
}

func (l *dtlsLink) next() ([]byte, uint8, error) {
	if l.buf == nil {
		l.buf = make([]byte, dtlsMessage)
	}
	n, err := l.client.Read(l.buf)
	if err != nil {
		return nil, 0, &linkEnd{"association", err}
	}
	return l.buf[:n:n], 0, nil
}

func (l *dtlsLink) ready() bool { return l.client.Buffered() }

func (l *dtlsLink) write(messages []udp.Datagram) (int, error) {
	sent := 0
	var first error
	for i := range messages {
		if err := l.client.Append(messages[i].Buf[:messages[i].N]); err != nil {
			first = orError(first, err)
			continue
		}
		sent++
	}
	l.client.Flush()
	return sent, first
}

// close implements turnLink: the server hears of it while the socket is there.
func (l *dtlsLink) close() error {
	_ = l.client.Close()
	return l.datagramLink.close()
}

var _ turnLink = (*dtlsLink)(nil)
