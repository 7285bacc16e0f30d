"""What tests share: fakes, factories, builders."""
