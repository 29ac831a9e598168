package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parleyrtc/webrtc"

	"github.com/parleyrtc/webrtc/examples/internal/peer"
	"github.com/parleyrtc/webrtc/examples/internal/transfer"
)

// chatLabel is the label of the channel for chat and for what goes with files.
const chatLabel = "chat"

// note is a message on the chat channel, either way.
type note struct {
	// Type is "chat", or one of a browser's wishes "send-test" (Size) and
	// "send-back" (ID), or "kept" (ID, Name, Size, SHA256) for a file that has
	// arrived here.
	Type   string `json:"type"`
	Text   string `json:"text,omitempty"`
	ID     int    `json:"id,omitempty"`
	Name   string `json:"name,omitempty"`
	Size   int64  `json:"size,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
}

// maxChat is the length of the longest line of chat, in bytes.
const maxChat = 4 << 10

// accept takes a channel that the browser opened. It runs on a goroutine of its
// own, which ends with the connection.
func (s *session) accept(c *webrtc.DataChannel) {
	s.peer.Watch(c, nil)
	switch c.Label() {
	case chatLabel:
		s.chat(c)
	case transfer.Label:
		if !s.startTransfer() {
			_ = c.Close()
			return
		}
		defer s.endTransfer()
		s.receiveFile(c)
	default:
		_ = c.Close() // nobody here would read it
	}
}

// chat answers what the browser writes.
func (s *session) chat(c *webrtc.DataChannel) {
	s.setChat(c)
	s.server.logf("connected: %s", s.path())
	s.say(c, note{Type: "chat", Text: "Hello from Go! Write to me, or send me a file. “/help” lists what I understand."})
	for {
		m, err := c.Receive(s.ctx)
		if err != nil {
			return
		}
		var n note
		if len(m.Data) > maxChat || json.Unmarshal(m.Data, &n) != nil {
			s.say(c, note{Type: "chat", Text: "That was no message that I can read."})
			continue
		}
		switch n.Type {
		case "chat":
			s.server.logf("chat: %q", n.Text)
			s.say(c, note{Type: "chat", Text: s.answer(n.Text)})
		case "send-test":
			size := min(max(n.Size, 1), MaxFile)
			name := fmt.Sprintf("test-%d-MiB.bin", max(size>>20, 1))
			s.startSending(c, transfer.Header{Name: name, Size: size}, transfer.Pattern(uint64(size)))
		case "send-back":
			f, ok := s.files.get(n.ID)
			if !ok {
				s.say(c, note{Type: "chat", Text: "I do not have that file any more."})
				continue
			}
			s.startSending(c, transfer.Header{Name: f.name, Size: int64(len(f.data))}, bytes.NewReader(f.data))
		}
	}
}

func (s *session) setChat(c *webrtc.DataChannel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chatChannel = c
}

// announce says something on the chat channel, if there is one.
func (s *session) announce(n note) {
	s.mu.Lock()
	c := s.chatChannel
	s.mu.Unlock()
	if c != nil {
		s.say(c, n)
	}
}

func (s *session) say(c *webrtc.DataChannel, n note) {
	text, err := json.Marshal(n)
	if err == nil {
		err = c.SendText(string(text))
	}
	if err != nil {
		s.server.logf("chat: %v", err)
	}
}

// answer is the Go peer's side of the conversation.
func (s *session) answer(text string) string {
	switch command := strings.ToLower(strings.TrimSpace(text)); command {
	case "/help":
		return "/pair tells the path between us, /time my clock, /state the state of my connection; anything else I count."
	case "/pair":
		return s.path()
	case "/time":
		return time.Now().Format(time.RFC1123)
	case "/state":
		return fmt.Sprintf("connection %s, ICE %s, signaling %s",
			s.peer.ConnectionState(), s.peer.ICEConnectionState(), s.peer.SignalingState())
	}
	return fmt.Sprintf("I have received “%s”: %d characters in %d bytes.", text, utf8.RuneCountInString(text), len(text))
}

// path describes the pair of candidates in use.
func (s *session) path() string {
	pair, err := s.peer.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return "There is no path at the moment."
	}
	return peer.PairText(pair)
}

// receiveFile keeps a file of the browser's and says so on the chat channel.
func (s *session) receiveFile(c *webrtc.DataChannel) {
	defer c.Close()
	sink := &upload{store: s.files}
	defer sink.end()
	header, sum, err := transfer.Receive(s.ctx, c, sink)
	if err != nil {
		s.server.logf("file %q: %v", sanitize(header.Name), err)
		return
	}
	f := s.files.keep(sanitize(header.Name), sink.content.Bytes())
	s.server.logf("file %q: %d bytes, SHA-256 %s", f.name, len(f.data), sum)
	s.announce(note{Type: "kept", ID: f.id, Name: f.name, Size: int64(len(f.data)), SHA256: sum})
}

// startTransfer counts a file that is to be on its way, unless there are too
// many.
func (s *session) startTransfer() bool {
	select {
	case s.transfers <- struct{}{}:
		return true
	default:
		return false
	}
}

func (s *session) endTransfer() { <-s.transfers }

// startSending sends a file while the chat goes on.
func (s *session) startSending(chat *webrtc.DataChannel, header transfer.Header, content io.Reader) {
	if !s.startTransfer() {
		s.say(chat, note{Type: "chat", Text: "Too many files are on their way. Ask again later."})
		return
	}
	go func() { // ends with the transfer or the session
		defer s.endTransfer()
		s.sendFile(chat, header, content)
	}()
}

// sendFile sends a file on a channel of its own.
func (s *session) sendFile(chat *webrtc.DataChannel, header transfer.Header, content io.Reader) {
	c, err := s.peer.CreateDataChannel(transfer.Label, nil)
	if err == nil {
		defer c.Close()
		opened := make(chan struct{})
		s.peer.Watch(c, func() { close(opened) })
		select {
		case <-opened:
			_, err = transfer.Send(s.ctx, c, header, content, nil)
		case <-s.ctx.Done():
			err = context.Cause(s.ctx)
		}
	}
	if err != nil && s.ctx.Err() == nil {
		s.say(chat, note{Type: "chat", Text: fmt.Sprintf("Sending %q failed: %v", header.Name, err)})
	}
}
