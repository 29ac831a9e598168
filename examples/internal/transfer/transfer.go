// Package transfer carries a file over a data channel and proves that it has
// arrived.
//
// A channel of its own carries each file. The sender begins with a [Header] as
// text, goes on with the content in binary messages and ends with a [Trailer]
// as text; the receiver answers with a [Receipt], the size and the SHA-256 of
// what it has. The messages are small enough for every browser, and the sender
// goes at the network's pace.
package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/parleyrtc/webrtc"
)

// Label is the label of a channel that carries a file.
const Label = "file"

const (
	// chunkSize is the size of a message; what every implementation takes.
	chunkSize = 64 << 10
	// queued is how much waits in the channel before the sender does: enough
	// to keep the network busy, little enough to keep the progress honest.
	queued = 1 << 20
)

// A Header announces a file.
type Header struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
}

// A Trailer ends it.
type Trailer struct {
	SHA256 string `json:"sha256"`
}

// A Receipt is the receiver's answer.
type Receipt struct {
	Received int64  `json:"received"`
	SHA256   string `json:"sha256"`
	// Error says why the receiver has refused the file, if it has.
	Error string `json:"error,omitempty"`
}

// Send sends a file of header.Size bytes and waits for the receipt. Progress,
// unless nil, is told how many bytes have been given to the channel. It returns
// the SHA-256 of the content; the error says if the receiver has another.
func Send(ctx context.Context, channel *webrtc.DataChannel, header Header, content io.Reader, progress func(int64)) (string, error) {
	channel.SetBufferedAmountLowThreshold(queued)
	if err := sendJSON(ctx, channel, header); err != nil {
		return "", err
	}
	sum := sha256.New()
	if err := sendContent(ctx, channel, header, io.TeeReader(content, sum), progress); err != nil {
		return "", fmt.Errorf("sending %q: %w", header.Name, err)
	}
	digest := digest(sum)
	if err := sendJSON(ctx, channel, Trailer{SHA256: digest}); err != nil {
		return "", err
	}
	var receipt Receipt
	if err := receiveJSON(ctx, channel, &receipt); err != nil {
		return "", fmt.Errorf("waiting for the receipt of %q: %w", header.Name, err)
	}
	switch {
	case receipt.Error != "":
		return "", fmt.Errorf("%q was refused: %s", header.Name, receipt.Error)
	case receipt.Received != header.Size || receipt.SHA256 != digest:
		return "", fmt.Errorf("%q was damaged on its way: %d bytes with SHA-256 %s were sent, %d with %s arrived",
			header.Name, header.Size, digest, receipt.Received, receipt.SHA256)
	}
	return digest, nil
}

func sendContent(ctx context.Context, channel *webrtc.DataChannel, header Header, content io.Reader, progress func(int64)) error {
	chunk := make([]byte, chunkSize)
	for sent := int64(0); sent < header.Size; {
		n, err := io.ReadFull(content, chunk[:min(chunkSize, header.Size-sent)])
		if err != nil {
			return fmt.Errorf("reading at byte %d of %d: %w", sent, header.Size, err)
		}
		if err := channel.SendContext(ctx, chunk[:n]); err != nil {
			return err
		}
		sent += int64(n)
		if progress != nil {
			progress(sent)
		}
	}
	return nil
}

// A Sink takes a file as it comes.
type Sink interface {
	io.Writer
	// Begin is called with the header; an error refuses the file.
	Begin(Header) error
	// Progress is told how many bytes have arrived.
	Progress(int64)
}

// Receive takes one file from a channel, answers it with a receipt, and returns
// its header and the SHA-256 of what arrived. The error says if that is not
// what was sent, or that the sink has refused it.
func Receive(ctx context.Context, channel *webrtc.DataChannel, sink Sink) (Header, string, error) {
	var header Header
	if err := receiveJSON(ctx, channel, &header); err != nil {
		return header, "", err
	}
	sum, err := receiveFile(ctx, channel, header, sink)
	receipt := Receipt{Received: header.Size, SHA256: sum}
	if err != nil {
		receipt = Receipt{Error: err.Error()}
	}
	return header, sum, errors.Join(err, sendJSON(ctx, channel, receipt))
}

func receiveFile(ctx context.Context, channel *webrtc.DataChannel, header Header, sink Sink) (string, error) {
	if header.Size < 0 {
		return "", fmt.Errorf("a file of %d bytes", header.Size)
	}
	if err := sink.Begin(header); err != nil {
		return "", err
	}
	sum := sha256.New()
	for received := int64(0); received < header.Size; {
		m, err := channel.Receive(ctx)
		if err != nil {
			return "", fmt.Errorf("after %d of %d bytes: %w", received, header.Size, err)
		}
		if m.IsString || int64(len(m.Data)) > header.Size-received {
			return "", fmt.Errorf("after %d of %d bytes came a message that is no part of the file", received, header.Size)
		}
		sum.Write(m.Data) // never fails
		if _, err := sink.Write(m.Data); err != nil {
			return "", err
		}
		received += int64(len(m.Data))
		sink.Progress(received)
	}
	var trailer Trailer
	if err := receiveJSON(ctx, channel, &trailer); err != nil {
		return "", err
	}
	got := digest(sum)
	if trailer.SHA256 != got {
		return "", fmt.Errorf("the SHA-256 is %s, the sender's is %s", got, trailer.SHA256)
	}
	return got, nil
}

func digest(sum hash.Hash) string { return hex.EncodeToString(sum.Sum(nil)) }

func sendJSON(ctx context.Context, channel *webrtc.DataChannel, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return channel.SendTextContext(ctx, string(text))
}

func receiveJSON(ctx context.Context, channel *webrtc.DataChannel, v any) error {
	m, err := channel.Receive(ctx)
	if err != nil {
		return err
	}
	if !m.IsString {
		return fmt.Errorf("a binary message of %d bytes came where text was expected", len(m.Data))
	}
	if err := json.Unmarshal(m.Data, v); err != nil {
		return fmt.Errorf("a message is not what was expected: %w", err)
	}
	return nil
}
