// Package web serves a page on which a browser connects to this program, chats
// and exchanges files with it over data channels, calls it, and watches how the
// connection comes about: the sequence diagram and all six descriptions of both
// peers, live.
//
// A WebSocket is the signal channel. It also tells the page what the program
// alone can see: what the STUN server is asked, the checks, handshake records
// and media packets at the program's sockets, and its peer's descriptions. Chat,
// files and media go from peer to peer.
//
// In a call the program sends the browser's camera and microphone back, packet by
// packet, and records them to IVF and Ogg files on the user's wish. Bitrate, loss
// and round-trip time are plotted, of what the browser measures and tells each
// second, and of what is counted here.
//
// Each session has goroutines that read and write its WebSocket, signal, and
// count; one for each channel that the browser opens and each track that it
// sends. All of them end with the session.
//
// # Safety
//
// A page of another origin cannot open the WebSocket, and a host name that is
// made to point here (DNS rebinding) is refused. Sessions, messages, files
// and recordings are limited in number and size; files stay in memory and their
// names are never used as paths. The page loads nothing from anywhere else.
package web
