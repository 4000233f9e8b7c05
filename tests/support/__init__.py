"""What tests are built from: servers, terminals, clocks, texts."""
