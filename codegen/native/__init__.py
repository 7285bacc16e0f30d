"""Swift, Dart, Go, Rust and Zig."""
